import * as v from 'valibot';
import { expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { nameMap, nameRecord } from './name-map.ts';

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', '', '7'];
const json = `{${NAMES.map((name, at) => `${JSON.stringify(name)}:${at}`).join(',')}}`;

test('every name is kept, whatever it means to JavaScript', () => {
  const map = v.parse(nameMap(v.number()), parseJson(json));
  expect(NAMES.map((name) => map.get(name))).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a record keeps every name when it is written as JSON again, and has no others', () => {
  const record = v.parse(nameRecord(v.number()), parseJson(json));
  expect(Object.keys(record).sort()).toEqual([...NAMES].sort());
  expect(parseJson(JSON.stringify(record))).toEqual(parseJson(json));
  expect(record.valueOf).toBeUndefined();
});

test.each(['[]', 'null', '"text"', '{"a":"no number"}'])('%s is not read as a map of names', (text) => {
  expect(v.safeParse(nameMap(v.number()), parseJson(text)).success).toBe(false);
});
