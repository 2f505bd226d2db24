// Loaded into a command whose coverage is measured: writes what ran before the test ends it, by a signal that the
// command itself does not know.
import { takeCoverage } from 'node:v8';

process.once('SIGUSR2', () => {
  takeCoverage();
  setImmediate(() => process.kill(process.pid, 'SIGKILL'));
});
