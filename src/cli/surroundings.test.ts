import { describe, expect, test } from 'vitest';
import { stateFileOf } from './options.ts';
import { readFlags } from './read-flags.ts';
import { hubCacheFolder } from './surroundings.ts';

const HOME = '/home/ada';
const stateFile = (env: Record<string, string>) => stateFileOf(readFlags({}, {}, env), env, HOME);

describe('an XDG variable', () => {
  test.each(['', ' ', 'relative', './relative', '../up', '~user'])(
    'with %j, which is no absolute path, counts as unset',
    (value) => {
      expect(stateFile({ XDG_STATE_HOME: value })).toBe('/home/ada/.local/state/oci-modelcar/state.json');
      expect(hubCacheFolder({ XDG_CACHE_HOME: value }, HOME)).toBe('/home/ada/.cache/huggingface/hub');
    },
  );

  test('with an absolute path is used', () => {
    expect(stateFile({ XDG_STATE_HOME: '/state' })).toBe('/state/oci-modelcar/state.json');
    expect(hubCacheFolder({ XDG_CACHE_HOME: '/cache' }, HOME)).toBe('/cache/huggingface/hub');
  });

  test.each(['~/big', '$HOME/big', '$' + '{HOME}/big'])(
    'XDG_CACHE_HOME may be %j, as huggingface_hub reads it',
    (value) => {
      expect(hubCacheFolder({ HOME, XDG_CACHE_HOME: value }, HOME)).toBe('/home/ada/big/huggingface/hub');
    },
  );
});
