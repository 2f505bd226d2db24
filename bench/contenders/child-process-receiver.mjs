process.on('message', (_, connection) => connection.end('.'));
process.on('disconnect', () => process.exit());
