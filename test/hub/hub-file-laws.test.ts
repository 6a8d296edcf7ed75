import { describe } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic } from '../fakes/hub/fake-hub.ts';
import { obeysByteSourceLaws, type SourceUnderTest } from '../laws/byte-source-laws.ts';
import { type FirstBytesUnderTest, obeysFirstBytesLaws } from '../laws/first-bytes-laws.ts';
import { type HubWorld, hubWorld, siblingOf } from './hub-world.ts';

/** More than the buffers of a connection hold: who leaves early is seen to leave. */
const SIZE = 6_000_000;

function repos(lfs: boolean, direct = false): FakeHubOptions {
  return { repos: [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: SIZE, lfs, direct }) } }] };
}

/** The file of `world`, whose bytes come from `hub`. */
async function underTest({ source, resolve }: HubWorld, hub: FakeHub): Promise<FirstBytesUnderTest> {
  const model = await resolve('acme/tiny');
  const open = () => hub.log.filter(({ outcome }) => outcome === 'open').length;
  return { source, model, sibling: siblingOf(model, 'w.bin'), open };
}

async function fileOf(
  options: FakeHubOptions,
  prepare?: (hub: FakeHub) => void,
): Promise<FirstBytesUnderTest> {
  const world = await hubWorld(options);
  prepare?.(world.hub);
  return underTest(world, world.hub);
}

/** Whatever stands between the Hub and us. */
function obeysLaws(create: () => Promise<FirstBytesUnderTest>): void {
  obeysByteSourceLaws(async (): Promise<SourceUnderTest> => {
    const { source, model, sibling, open } = await create();
    return { source: source.file(model, sibling), ...(open && { open }) };
  });
  obeysFirstBytesLaws(create);
}

describe('a file of the Hub', () => {
  describe('in LFS, that redirects to a CDN', () => {
    obeysLaws(() => fileOf(repos(true)));
  });

  describe('in git, that redirects inside the Hub', () => {
    obeysLaws(() => fileOf(repos(false)));
  });

  describe('that the Hub sends without a redirect', () => {
    obeysLaws(() => fileOf(repos(false, true)));
  });

  describe('in LFS, that the Hub sends without a redirect', () => {
    obeysLaws(() => fileOf(repos(true, true)));
  });

  describe('behind an endpoint with a path', () => {
    obeysLaws(() => fileOf({ ...repos(true), pathPrefix: '/artifactory/api/huggingfaceml/models' }));
  });

  describe('from servers that ignore ranges', () => {
    obeysLaws(() =>
      fileOf(repos(true), (hub) => hub.addFault({ on: 'cdn', kind: 'ignore-range', times: Infinity })),
    );
  });

  describe('from servers that answer with a part of the range', () => {
    obeysLaws(() =>
      fileOf(repos(true), (hub) => {
        const isHead = ({ range = '' }: { readonly range?: string | undefined }) => range.endsWith('-63');
        hub.addFault({ on: 'cdn', kind: 'range-size', by: -10, when: isHead });
        hub.addFault({ on: 'cdn', kind: 'range-size', by: -1_000_000, when: (asked) => !isHead(asked) });
      }),
    );
  });

  describe('behind a proxy that leaves Content-Range out', () => {
    obeysLaws(() => fileOf({ ...repos(true), persona: 'artifactory' }));
  });

  describe('behind a mirror that sends everybody to another Hub', () => {
    obeysLaws(async () => {
      const { hub } = await hubWorld(repos(true));
      return underTest(await hubWorld({ ...repos(true), movedTo: hub.endpoint }), hub);
    });
  });
});
