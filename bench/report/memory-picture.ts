import type { Results } from '../results.ts';
import type { ContenderName, Scenario } from '../scenario.ts';
import { caption } from './caption.ts';
import { COLOURS, NAMES } from './colours.ts';
import { summarize } from './summary.ts';
import { dot, FAINT, INK, LINE, line, picture, words } from './svg.ts';

const WIDTH = 860;
const HEIGHT = 290;
const TOP = 70;
const BOTTOM = 220;

interface Sample {
  readonly contender: ContenderName;
  readonly at: number;
  readonly megabytes: number;
}

interface Panel {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly label: (at: number) => string;
  readonly samples: readonly Sample[];
}

/** The peak of memory over the size of a file, and over the number of workers. */
export function memoryPicture(results: Results): string | undefined {
  const bySize = samples(
    results,
    ({ model }) => model.bytes === 'zeros',
    ({ model }) => model.size / 2 ** 30,
  );
  const byWorkers = samples(
    results,
    ({ name, tls }) => name.startsWith('8x512m-sink-') && !tls,
    ({ workers }) => workers,
  ).filter(({ contender }) => contender !== 'relay');
  if (bySize.length < 2 || byWorkers.length < 2) return undefined;
  const most = Math.max(...[...bySize, ...byWorkers].map(({ megabytes }) => megabytes));
  const top = Math.ceil(most / 100) * 100;
  const panels: readonly Panel[] = [
    {
      title: 'one file, of',
      from: 70,
      to: 400,
      label: (at) => `${Number(at.toPrecision(2))} GiB`,
      samples: bySize,
    },
    {
      title: '8 files of 512 MiB, of which at once',
      from: 490,
      to: 820,
      label: (at) => `${at}`,
      samples: byWorkers,
    },
  ];
  return picture(WIDTH, HEIGHT, [
    words(20, 30, 'Peak of resident memory, MB', { size: 15, weight: 600 }),
    ...panels.flatMap((panel) => drawn(panel, top)),
    words(20, HEIGHT - 14, caption(results), { size: 11, fill: FAINT }),
  ]);
}

function samples(
  { scenarios }: Results,
  isIn: (scenario: Scenario) => boolean,
  at: (scenario: Scenario) => number,
): readonly Sample[] {
  return scenarios
    .filter(({ scenario }) => isIn(scenario))
    .flatMap((result) =>
      summarize(result).flatMap((summary) =>
        'failure' in summary || summary.peakRssBytes === undefined
          ? []
          : [
              {
                contender: summary.contender,
                at: at(result.scenario),
                megabytes: summary.peakRssBytes / 1e6,
              },
            ],
      ),
    );
}

function drawn({ title, from, to, label, samples: all }: Panel, top: number): string[] {
  const places = [...new Set(all.map(({ at }) => at))].sort((a, b) => a - b);
  const gap = (to - from - 60) / Math.max(1, places.length - 1);
  const x = (at: number) => from + 30 + places.indexOf(at) * gap;
  const y = (megabytes: number) => BOTTOM - ((BOTTOM - TOP) * megabytes) / top;
  const levels = [0, top / 2, top];
  const contenders = [...new Set(all.map(({ contender }) => contender))];
  return [
    words(from, TOP - 18, title, { fill: FAINT }),
    ...levels.flatMap((level) => [
      line(
        [
          { x: from, y: y(level) },
          { x: to, y: y(level) },
        ],
        LINE,
      ),
      words(from - 8, y(level) + 4, `${level}`, { anchor: 'end', size: 11, fill: FAINT }),
    ]),
    ...places.map((at) => words(x(at), BOTTOM + 20, label(at), { anchor: 'middle' })),
    ...contenders.flatMap((contender) => {
      const own = all.filter((sample) => sample.contender === contender).sort((a, b) => a.at - b.at);
      const points = own.map(({ at, megabytes }) => ({ x: x(at), y: y(megabytes) }));
      const isOurs = contender === 'ours';
      const last = points.at(-1) ?? { x: to, y: TOP };
      return [
        line(points, COLOURS[contender], 2),
        ...points.map((point) => dot(point, COLOURS[contender])),
        ...own.map(({ megabytes }, index) => {
          const { x: left = 0, y: high = 0 } = points[index] ?? {};
          return words(left, high + (isOurs ? -9 : 17), megabytes.toFixed(0), {
            anchor: 'middle',
            size: 11,
            fill: INK,
          });
        }),
        ...(isOurs ? [] : [words(last.x + 10, last.y + 4, NAMES[contender], { size: 11, fill: FAINT })]),
      ];
    }),
  ];
}
