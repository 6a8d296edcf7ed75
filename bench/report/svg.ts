/** Pictures for both light and dark pages: on a ground of their own, with no font that must be fetched. */
export function picture(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12">
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="#ffffff" stroke="#d0d7de"/>
${parts.join('\n')}
</svg>
`;
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: number;
  readonly fill?: string;
}

export const INK = '#1f2328';
export const FAINT = '#656d76';
export const LINE = '#d8dee4';

export function words(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { anchor = 'start', size = 12, weight = 400, fill = INK } = style;
  const attributes = `text-anchor="${anchor}" font-size="${size}" font-weight="${weight}" fill="${fill}"`;
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

export function bar(x: number, y: number, width: number, height: number, fill: string): string {
  const size = `width="${round(Math.max(width, 1))}" height="${round(height)}"`;
  return `<rect x="${round(x)}" y="${round(y)}" ${size} rx="2" fill="${fill}"/>`;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function line(points: readonly Point[], stroke: string, width = 1): string {
  const way = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${way}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`;
}

export function dot({ x, y }: Point, fill: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="3.5" fill="${fill}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
