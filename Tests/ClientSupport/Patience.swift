/// How many seconds a test waits for what must come, so that none hangs.
///
/// More than a whole run of the tests takes: a server that is tested in the same process answers in
/// tasks, which wait for their turn behind all tests that were started before.
public let patience = 1200
