// Two worker threads in the race of race.cc: race.cjs ADDON.
const { Worker, isMainThread, workerData } = require('node:worker_threads');

if (isMainThread) {
  for (let i = 0; i < 2; i++) new Worker(__filename, { workerData: process.argv[2] });
} else {
  const count = require(workerData);
  const end = performance.now() + 500;
  while (performance.now() < end) count();
}
