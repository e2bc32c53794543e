// One import for the whole library. Programs that need a part of it can import that part alone:
// TensorFiles, Tokenization, TextTasks, Metrics, RunFiles and Reporting do not load libtorch.

@_exported import Comparison
@_exported import Evaluation
@_exported import LanguageModels
@_exported import Laplace
@_exported import LoRA
@_exported import Metrics
@_exported import Optimizers
@_exported import Posteriors
@_exported import Reporting
@_exported import RunFiles
@_exported import TensorFiles
@_exported import TextTasks
@_exported import Tokenization
@_exported import Torch
@_exported import Training
