// What training returns and writes are the files of a run.
@_exported import RunFiles
