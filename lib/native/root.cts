import path = require('node:path');

/**
 * The folder of the package. CommonJS, because no compiler makes CommonJS of `import.meta`: jest runs the rest of the
 * package as CommonJS.
 */
// biome-ignore lint/correctness/noGlobalDirnameFilename: this file is CommonJS
const root: string = path.join(__dirname, '..', '..');

export = root;
