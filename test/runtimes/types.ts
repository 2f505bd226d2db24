/**
 * What fails on a runtime other than Node, and why. A table for each: the file of the tests, below test/, then
 * the name of a test with those of its suites, or the beginning of several, and the reason. '' is every test
 * of the file, which is not even loaded then. docs/platforms.md says the same by feature.
 */
export type KnownFailures = Readonly<Record<string, Readonly<Record<string, string>>>>;
