/** When a push is killed. Each lies in another part of its life, so that over the rounds every part is struck. */
export type Moment =
  /** As soon as the process is there. */
  | { readonly at: 'launch' }
  /** As its first question to the Hub goes by. */
  | { readonly at: 'first question' }
  /** When this share of the model's bytes has gone towards the registry since the round began. */
  | { readonly at: 'bytes'; readonly share: number }
  /** As the first such request goes by, or the answer to it. */
  | { readonly at: Request; readonly side: 'asked' | 'answered' };

export type Request = 'open' | 'commit' | 'manifest' | 'tag';

export interface Kill {
  readonly moment: Moment;
  readonly signal: 'SIGKILL' | 'SIGTERM';
}

const SHARES = 6;

const REQUESTS = ['open', 'commit', 'manifest', 'tag'] as const;

/** One of each; of the bytes, one in each sixth of the way. */
function deck(random: () => number): readonly Moment[] {
  return [
    { at: 'launch' },
    { at: 'first question' },
    ...Array.from({ length: SHARES }, (_, at) => ({ at: 'bytes', share: (at + random()) / SHARES }) as const),
    ...REQUESTS.flatMap((at) => [{ at, side: 'asked' } as const, { at, side: 'answered' } as const]),
  ];
}

/**
 * The kills of each round, in the order in which a push comes by them. They are dealt from shuffled decks, so that every
 * moment comes as often as the others, with either signal.
 */
export function dealKills(rounds: number, random: () => number): readonly (readonly Kill[])[] {
  const size = deck(random).length;
  const perRound = Math.max(3, Math.ceil(size / rounds));
  const kills: Kill[] = [];
  for (let decks = 0; kills.length < rounds * perRound; decks++) {
    const signals = deck(random).map((moment, at): Kill => {
      return { moment, signal: (at + decks) % 2 === 0 ? 'SIGKILL' : 'SIGTERM' };
    });
    kills.push(...shuffled(signals, random));
  }
  return Array.from({ length: rounds }, (_, round) =>
    inOrder(kills.slice(round * perRound, (round + 1) * perRound), random),
  );
}

/** Before the manifest anything may come in any order; once that is there, no blob moves any more. */
function inOrder(kills: readonly Kill[], random: () => number): readonly Kill[] {
  const placed = kills.map((kill) => ({ kill, place: placeOf(kill.moment, random) }));
  return placed.sort((a, b) => a.place - b.place).map(({ kill }) => kill);
}

function placeOf(moment: Moment, random: () => number): number {
  switch (moment.at) {
    case 'bytes':
      return moment.share;
    case 'launch':
    case 'first question':
    case 'open':
    case 'commit':
      return random();
    case 'manifest':
      return moment.side === 'asked' ? 2 : 3;
    case 'tag':
      return moment.side === 'asked' ? 4 : 5;
  }
}

function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  const keyed = values.map((value) => ({ value, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

export function describeMoment(moment: Moment): string {
  if (moment.at === 'bytes') return `${Math.round(moment.share * 100)} %`;
  return 'side' in moment ? `${moment.at} ${moment.side}` : moment.at;
}
