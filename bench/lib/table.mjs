import { quantile } from './statistics.mjs';

const number = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

function verdict({ target, ratio }) {
  if (target === undefined) return '';
  return ratio.median <= target ? 'met' : '**missed**';
}

/** Returns the microseconds of an operation: processor time of both sides / time of the clock. */
function microseconds(rounds, operations) {
  const of = (metric) =>
    quantile(
      rounds.map((round) => round[metric]),
      0.5,
    ) /
    operations /
    1000;
  return `${number(of('cpu'))} / ${number(of('wall'))}`;
}

/** Returns the ratio in a metric that is not the measure of the row, which stands in the column before. */
const beside = (row, metric) => (row.measure === metric ? '' : number(row[metric].median));

const columns = [
  ['case', (row) => `${row.case}: ${row.title}`],
  ['mode', (row) => row.mode],
  ['against', (row) => row.against],
  ['measure', (row) => row.measure],
  ['ratio', (row) => number(row.ratio.median)],
  ['spread', (row) => `${number(row.ratio.low)}-${number(row.ratio.high)}`],
  ['at most', (row) => (row.target === undefined ? '' : number(row.target))],
  ['', verdict],
  ['cpu', (row) => beside(row, 'cpu')],
  ['wall', (row) => beside(row, 'wall')],
  ['ours, us', (row) => microseconds(row.ours, row.operations)],
  ['theirs, us', (row) => microseconds(row.theirs, row.operations)],
];

const cellsOf = (row) =>
  row.skipped === undefined
    ? columns.map(([, of]) => of(row))
    : [
        ...columns.slice(0, 4).map(([, of]) => of(row)),
        row.skipped,
        ...columns.slice(5).map(() => ''),
      ];

/** Returns the rows as a table in Markdown, in columns for the reader of the plain text. */
export function table(rows) {
  const lines = [columns.map(([name]) => name), ...rows.map(cellsOf)];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  const [head, ...body] = lines.map(
    (line) => `| ${line.map((text, index) => text.padEnd(widths[index])).join(' | ')} |`,
  );
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}

/** Returns the table of docs/performance.md: a line for each comparison, with its modes side by side. Bold: missed. */
export function summary(rows, modes) {
  const lines = new Map();
  for (const row of rows) {
    const head = `${row.case}: ${row.title} | ${row.against} | ${row.measure}`;
    lines.set(head, { ...lines.get(head), [row.mode]: row });
  }
  const cell = (row) => {
    if (row === undefined || row.skipped !== undefined) return '';
    const ratio = number(row.ratio.median);
    return verdict(row) === '**missed**' ? `**${ratio}**` : ratio;
  };
  const targets = (played) => [
    ...new Set(modes.flatMap((mode) => played[mode]?.target ?? []).map(number)),
  ];
  return [
    `| case | against | by | ${modes.join(' | ')} | at most |`,
    `|---|---|---|${modes.map(() => '---|').join('')}---|`,
    ...[...lines].map(
      ([head, played]) =>
        `| ${head} | ${modes.map((mode) => cell(played[mode])).join(' | ')} | ${targets(played).join(' / ')} |`,
    ),
  ].join('\n');
}

/** Returns the page with this table in the place of the one that it has. */
export function withSummary(page, rows, modes) {
  const region = /(<!-- numbers -->\n).*(\n<!-- \/numbers -->)/s;
  return page.replace(region, (_, before, after) => `${before}${summary(rows, modes)}${after}`);
}
