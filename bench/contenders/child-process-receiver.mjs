const count = Number(process.argv[2]);
let kept = [];
process.on('message', (_, connection) => {
  kept.push(connection);
  if (kept.length < count) return;
  process.send('.');
  for (const each of kept) each.destroy();
  kept = [];
});
process.on('disconnect', () => process.exit());
