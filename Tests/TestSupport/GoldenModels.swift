/// The tiny random models that `make_models.py` wrote: a new one is a row of a list.
public enum GoldenModels {
    /// Checkpoints whose logits Transformers computed.
    public static let checkpoints = [
        "llama2", "llama3", "smollm2", "mistral", "mistral-window", "llama-bias",
        "llama-head-dim", "llama-linear", "mistral-short-window", "ministral3", "qwen2",
        "qwen2-tied", "qwen2-window", "qwen3", "smollm3", "granite", "olmo2", "olmo3", "phi3",
        "phi4-mini", "gemma2", "gemma3", "gemma3-images", "qwen3_5", "qwen3_5-images",
    ]

    /// Those of them that have adapters of PEFT with logits and gradients.
    public static let adapted = [
        "llama2", "smollm2", "ministral3", "qwen2", "qwen3", "smollm3", "granite", "olmo2", "olmo3",
        "phi4-mini", "gemma2", "gemma3", "qwen3_5", "mistral-short-window", "phi3",
    ]

    /// GGUF files whose logits Transformers computed.
    public static let ggufs = [
        "gguf", "gguf-qwen2", "gguf-qwen3", "gguf-smollm3", "gguf-granite", "gguf-olmo2",
        "gguf-phi3", "gguf-gemma2", "gguf-gemma3", "gguf-phi4-mini", "gguf-ministral3",
        "gguf-qwen3-yarn", "gguf-qwen3_5",
    ]
}
