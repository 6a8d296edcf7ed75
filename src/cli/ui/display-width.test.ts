import { expect, test } from 'vitest';
import { cutMiddle, displayWidth, fitted } from './display-width.ts';

test.each([
  ['config.json', 11],
  ['größe', 5],
  ['模型', 4],
  ['ｆｕｌｌ', 8],
  ['한글', 4],
  ['😀', 2],
  ['👩‍🚀', 2],
  ['🇩🇪', 2],
  ['❤️', 2],
  ['❤', 1],
  ['e\u0301', 1],
  ['\u200b', 0],
  ['', 0],
])('%s takes %d columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test.each([
  ['model-00001-of-00004.safetensors', 15, 'model-0…tensors'],
  ['模型模型模型模型', 8, '模型…型'],
  ['e\u0301e\u0301e\u0301e\u0301e\u0301', 3, 'e\u0301…e\u0301'],
  ['👩‍🚀👩‍🚀👩‍🚀', 5, '👩‍🚀…👩‍🚀'],
  ['short', 5, 'short'],
  ['short', 1, '…'],
  ['short', 0, ''],
])('%s in %d columns keeps both of its ends and cuts no character in two', (text, width, cut) => {
  const shown = cutMiddle(text, width);
  expect(displayWidth(shown)).toBeLessThanOrEqual(width);
  expect(shown).toBe(cut);
  expect(displayWidth(fitted(text, width))).toBe(width);
});
