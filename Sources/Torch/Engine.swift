import CTorch

/// The build of libtorch this process runs on, and its threads.
public enum Engine {
    /// libtorch's version, such as `2.13.0`.
    public static var version: String { String(cString: ctorch_version()) }

    /// The vector instructions libtorch chose for this processor, such as `AVX512`.
    public static var vectorInstructions: String { String(cString: ctorch_cpu_capability()) }

    /// Whether the package was built with Gloo's headers, which several ranks need.
    public static var hasGloo: Bool { ctorch_has_gloo() }

    /// Gives memory that the allocator keeps for later back to the system, where it can.
    public static func releaseMemory() { ctorch_release_memory() }

    /// Runs `body` with memory for each tensor that is given back when the tensor is freed.
    ///
    /// Without it, tensors that stay come to lie between temporary ones, and what those leave is
    /// lost: a model that is rounded to 8 bits as it is read would take the memory of its float32
    /// weights. Getting memory anew takes time, so it is for what is done once. It applies to the
    /// whole process, where the C library can do it.
    public static func withoutReuseOfMemory<Result>(
        _ body: () throws -> Result
    ) rethrows -> Result {
        ctorch_reuse_memory(false)
        defer { ctorch_reuse_memory(true) }
        return try body()
    }

    /// Threads an operation may use on the CPU; at least 1.
    public static var threads: Int {
        get { Int(ctorch_threads()) }
        set { ctorch_set_threads(Int32(clamping: max(1, newValue))) }
    }
}
