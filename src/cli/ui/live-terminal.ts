import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './display-width.ts';
import type { Output, Time } from './renderer.ts';
import { screenSize } from './screen-size.ts';
import { writeLines } from './write-lines.ts';

/** The last lines of a terminal, drawn again and again, with permanent lines scrolling away above them. */
export interface LiveTerminal {
  /** Permanent lines, above the live ones. */
  print(lines: readonly string[]): void;
  /** Takes the live lines away and gives the cursor back. What is printed afterwards is printed plainly. */
  close(): void;
}

export interface LiveTerminalOptions {
  readonly output: Output;
  readonly time: Time;
  /** The live lines of this moment, each of them shorter than the terminal is wide. */
  readonly draw: () => readonly string[];
}

/** A hundred milliseconds are what the eye can follow. */
const FRAME_MS = 100;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** A terminal that thinks a name wider than we do must cut its line, not wrap it. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export function createLiveTerminal({ output, time, draw }: LiveTerminalOptions): LiveTerminal {
  let drawn: readonly string[] = [];
  let waiting: readonly string[] = [];
  let lastFrame = '';
  let closed = false;

  /** Everything in one write, so that no half of it is ever seen. */
  const frame = () => {
    const columns = screenSize(output).columns;
    const live = draw();
    const content = `${columns} ${live.join('\n')}`;
    if (waiting.length === 0 && content === lastFrame) return;
    const up = rowsOf(drawn, columns);
    output.write(
      [
        HIDE_CURSOR,
        upBy(up),
        ...waiting.map((line) => `${line}${CLEAR_LINE}\n`),
        NO_WRAP,
        ...live.map((line) => `${line}${CLEAR_LINE}\n`),
        WRAP,
        CLEAR_BELOW,
      ].join(''),
    );
    drawn = live;
    waiting = [];
    lastFrame = content;
  };

  const stop = time.every(FRAME_MS, frame);

  return {
    print(lines) {
      if (closed) writeLines(output, lines);
      else waiting = [...waiting, ...lines];
    },
    close() {
      if (closed) return;
      closed = true;
      stop();
      const up = rowsOf(drawn, screenSize(output).columns);
      output.write(
        [upBy(up), ...waiting.map((line) => `${line}${CLEAR_LINE}\n`), CLEAR_BELOW, SHOW_CURSOR].join(''),
      );
    },
  };
}

/** To the start of a line above. A terminal shows the `^C` of a person where the cursor is, and leaves it behind that. */
function upBy(rows: number): string {
  return rows === 0 ? '\r' : `\r\x1b[${rows}A`;
}

/** How many rows lines take that were drawn for another width: a terminal made narrower wraps them. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines
    .map((line) => Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(line)) / columns)))
    .reduce((sum, rows) => sum + rows, 0);
}
