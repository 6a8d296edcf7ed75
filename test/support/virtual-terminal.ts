/**
 * A terminal as text: the few control sequences that a live view needs, and lines that are wrapped anew when it is
 * resized, as tmux, VTE, kitty and Windows Terminal do. Any other sequence is an error.
 */
export interface VirtualTerminal {
  write(text: string): void;
  readonly isTTY: true;
  columns: number;
  rows: number;
  resize(columns: number): void;
  /** All rows, those that scrolled away first. */
  screen(): readonly string[];
  readonly cursorVisible: boolean;
  readonly writes: readonly string[];
}

interface Line {
  /** One cell a column; a wide character is followed by an empty one. */
  cells: string[];
  /** It goes on in the next row. */
  wrapped: boolean;
}

export function virtualTerminal(columns: number, rows = 24): VirtualTerminal {
  const writes: string[] = [];
  let lines: Line[] = [blank()];
  let [row, column] = [0, 0];
  let wraps = true;
  let cursorVisible = true;
  const line = () => (lines[row] ??= blank());

  const put = (character: string) => {
    const width = /[\u3000-\u9fff\uac00-\ud7a3]|\p{Emoji_Presentation}/u.test(character) ? 2 : 1;
    if (column + width > terminal.columns) {
      if (!wraps) return;
      line().wrapped = true;
      [row, column] = [row + 1, 0];
    }
    const { cells } = line();
    while (cells.length < column) cells.push(' ');
    cells.splice(column, width, ...(width === 2 ? [character, ''] : [character]));
    column += width;
  };
  const clearLine = () => {
    line().cells.length = Math.min(line().cells.length, column);
    line().wrapped = false;
  };
  const control: Readonly<Record<string, (n: number) => void>> = {
    A: (n) => {
      row = Math.max(0, lines.length - terminal.rows, row - n);
    },
    K: clearLine,
    J: () => {
      clearLine();
      lines.length = row + 1;
    },
    '?25l': () => (cursorVisible = false),
    '?25h': () => (cursorVisible = true),
    '?7l': () => (wraps = false),
    '?7h': () => (wraps = true),
    m: () => undefined,
  };

  const terminal = {
    isTTY: true as const,
    columns,
    rows,
    write(text: string) {
      writes.push(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what this reads
      for (const [token, sequence, plain] of text.matchAll(/\x1b\[([?\d;]*[A-Za-z])|([^\x1b])/gu)) {
        if (token === '\n') {
          [row, column] = [row + 1, 0];
          line();
        } else if (token === '\r') column = 0;
        else if (plain !== undefined) put(plain);
        else {
          const known = control[sequence ?? ''] ?? control[sequence?.at(-1) ?? ''];
          if (known === undefined) throw new Error(`unknown sequence ${JSON.stringify(token)}`);
          known(Number.parseInt(sequence ?? '', 10) || 1);
        }
      }
    },
    resize(next: number) {
      terminal.columns = next;
      [lines, row, column] = rewrapped(lines, next, [row, column]);
    },
    screen: () => lines.map(({ cells }) => cells.join('').trimEnd()),
    get cursorVisible() {
      return cursorVisible;
    },
    writes,
  };
  return terminal;
}

function blank(): Line {
  return { cells: [], wrapped: false };
}

function rewrapped(lines: readonly Line[], columns: number, [row, column]: readonly [number, number]) {
  const made: Line[] = [];
  let cursor = 0;
  let whole: string[] = [];
  lines.forEach(({ cells, wrapped }, index) => {
    if (index === row) cursor = made.length;
    whole = [...whole, ...cells];
    if (wrapped) return;
    do {
      const rest = whole.splice(columns);
      made.push({ cells: whole, wrapped: rest.length > 0 });
      whole = rest;
    } while (whole.length > 0);
  });
  return [made, cursor, Math.min(column, columns - 1)] as [Line[], number, number];
}
