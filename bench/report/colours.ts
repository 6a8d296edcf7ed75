import type { ContenderName } from '../scenario.ts';

/** Ours stands out; apart also for those who see fewer colours. */
export const COLOURS: Readonly<Record<ContenderName, string>> = {
  ours: '#0969da',
  relay: '#afb8c1',
  'python-0.4.1': '#e3a008',
  'python-1.3.0': '#b35900',
  skopeo: '#8a6fb8',
};

export const NAMES: Readonly<Record<ContenderName, string>> = {
  ours: 'oci-modelcar (ours)',
  relay: 'curl | curl relay',
  'python-0.4.1': 'Python 0.4.1',
  'python-1.3.0': 'Python 1.3.0',
  skopeo: 'curl, tar, skopeo',
};
