// The rows as a picture: a line for each comparison, with a bar for each mode, on a logarithmic scale around 1, "as fast as
// the other".
import { modes } from './modes.mjs';

const width = 1000;
const barHeight = 6;
const rowHeight = modes.length * barHeight + 8;
const left = 470;
const right = 170;
const top = 64;
const [lowest, highest] = [1 / 16, 16];
const colours = {
  better: '#2a7f62',
  worse: '#b8632f',
  grid: '#d8d8d8',
  text: '#222',
  faint: '#777',
};

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const clamp = (value) => Math.min(highest, Math.max(lowest, value));
const x = (value) =>
  left + ((width - left - right) * Math.log(clamp(value) / lowest)) / Math.log(highest / lowest);

function text(
  at,
  y,
  content,
  { anchor = 'start', colour = colours.text, size = 12, weight = 400 } = {},
) {
  return `<text x="${at}" y="${y}" text-anchor="${anchor}" fill="${colour}" font-size="${size}" font-weight="${weight}">${escaped(content)}</text>`;
}

/** Draws the bar of a mode, with the spread and the target. */
function bar({ ratio, target }, y) {
  const one = x(1);
  const end = x(ratio.median);
  const colour = ratio.median <= 1 ? colours.better : colours.worse;
  const goal =
    target === undefined
      ? ''
      : `<path d="M${x(target)} ${y - 1}v${barHeight + 1}" stroke="#000" stroke-width="2"/>`;
  return (
    `<rect x="${Math.min(one, end)}" y="${y}" width="${Math.max(1, Math.abs(end - one))}" height="${barHeight - 1}" fill="${colour}"/>` +
    `<path d="M${x(ratio.low)} ${y + barHeight / 2}H${x(ratio.high)}" stroke="${colours.text}" stroke-width="0.7"/>${goal}`
  );
}

/** Draws the rows of one comparison, which differ in their mode. */
function line(rows, index) {
  const y = top + index * rowHeight;
  const [{ case: name, title, against, measure }] = rows;
  const label = `${name}: ${title}${measure === 'cpu' ? '' : `, ${measure}`} / ${against}`;
  return [
    text(left - 10, y + 16, label, { anchor: 'end' }),
    ...rows.map((row) => bar(row, y + 3 + modes.indexOf(row.mode) * barHeight)),
    ...rows.map((row) =>
      text(width - right + 12 + modes.indexOf(row.mode) * 50, y + 16, row.ratio.median.toFixed(2)),
    ),
  ].join('');
}

function grid(height) {
  const marks = [1 / 16, 1 / 4, 1 / 2, 1, 2, 4, 16];
  return marks
    .map((value) => {
      const name = value < 1 ? `1/${1 / value}` : String(value);
      return (
        `<path d="M${x(value)} ${top - 6}V${height - 34}" stroke="${value === 1 ? colours.faint : colours.grid}"/>` +
        text(x(value), top - 12, name, { anchor: 'middle', colour: colours.faint })
      );
    })
    .join('');
}

/** An SVG of the rows that have a ratio. */
export function picture(rows, machine) {
  const lines = new Map();
  for (const row of rows.filter(({ ratio }) => ratio !== undefined)) {
    const key = [row.case, row.title, row.measure, row.against].join();
    lines.set(key, [...(lines.get(key) ?? []), row]);
  }
  const height = top + lines.size * rowHeight + 44;
  const about = `Node ${machine.node}, Linux ${machine.kernel}, ${machine.processor}, ${machine.date}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 24, 'afunix: processor time of an operation, divided by what the other takes', {
      size: 16,
      weight: 600,
    }),
    text(16, 42, `left of 1: afunix takes less; bars: ${modes.join(', ')}; black mark: target`, {
      colour: colours.faint,
    }),
    grid(height),
    ...[...lines.values()].map(line),
    text(16, height - 14, about, { colour: colours.faint, size: 11 }),
    '</svg>',
  ].join('\n')}\n`;
}
