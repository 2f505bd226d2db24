// The rows as a picture: a bar each, on a logarithmic scale around 1, "as fast as the other".
const width = 960;
const rowHeight = 22;
const left = 470;
const right = 130;
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

function bar({ title, mode, against, ratio, target }, index) {
  const y = top + index * rowHeight;
  const one = x(1);
  const end = x(ratio.median);
  const colour = ratio.median <= 1 ? colours.better : colours.worse;
  const label = `${title} / ${against}${mode === 'pinned' ? '' : `, ${mode}`}`;
  const goal =
    target === undefined
      ? ''
      : `<path d="M${x(target)} ${y + 1}v${rowHeight - 4}" stroke="#000" stroke-width="2"/>`;
  return [
    text(left - 10, y + 14, label, { anchor: 'end' }),
    `<rect x="${Math.min(one, end)}" y="${y + 3}" width="${Math.max(1, Math.abs(end - one))}" height="${rowHeight - 8}" fill="${colour}"/>`,
    `<path d="M${x(ratio.low)} ${y + rowHeight / 2 - 1}H${x(ratio.high)}" stroke="${colours.text}"/>`,
    goal,
    text(width - right + 12, y + 14, `${ratio.median.toFixed(2)}`, { weight: 600 }),
    text(width - right + 58, y + 14, target === undefined ? '' : `≤ ${target}`, {
      colour: colours.faint,
    }),
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
  const shown = rows.filter((row) => row.ratio !== undefined);
  const height = top + shown.length * rowHeight + 44;
  const about = `Node ${machine.node}, Linux ${machine.kernel}, ${machine.processor}, ${machine.date}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 24, 'afunix: time an operation takes, divided by what the other takes', {
      size: 16,
      weight: 600,
    }),
    text(16, 42, 'left of 1: afunix is faster; black mark: target', { colour: colours.faint }),
    grid(height),
    ...shown.map(bar),
    text(16, height - 14, about, { colour: colours.faint, size: 11 }),
    '</svg>',
  ].join('\n')}\n`;
}
