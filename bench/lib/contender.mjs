// What takes part in comparisons.

/** afunix by a module of contenders/. */
export const afunix = (module, options) => ({
  name: 'afunix',
  module: `afunix-${module}`,
  options,
});

/** node:net, or afunix/net in its place. */
export const net = (implementation, way, target) => ({
  name: implementation === 'node' ? 'node:net' : 'afunix/net',
  module: 'net',
  options: { implementation, way },
  target,
});
