const number = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

function verdict({ target, ratio }) {
  if (target === undefined) return '';
  return ratio.median <= target ? 'met' : 'MISSED';
}

const columns = [
  ['case', (row) => row.case],
  ['what', (row) => row.title],
  ['mode', (row) => row.mode],
  ['against', (row) => row.against],
  ['ratio', (row) => (row.skipped === undefined ? number(row.ratio.median) : '-')],
  ['spread', (row) => (row.ratio ? `${number(row.ratio.low)}-${number(row.ratio.high)}` : '')],
  ['target', (row) => (row.target === undefined ? '' : number(row.target))],
  ['', (row) => row.skipped ?? verdict(row)],
  ['cpu', (row) => (row.cpu ? number(row.cpu.median) : '')],
];

/** The rows as text, in columns; below 1 is better than what it is measured against. */
export function table(rows) {
  const lines = [
    columns.map(([name]) => name),
    ...rows.map((row) => columns.map(([, of]) => of(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
