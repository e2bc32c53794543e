// What a process does before libtorch is initialised; see Start.c. There is nothing to call.
