import { expect, test } from 'vitest';
import { othersInControl } from './ownership.ts';

test.each([
  ['its owner and root alone can write', 1000, 0o100600],
  ['others can only read', 1000, 0o100644],
  ['belongs to root', 0, 0o100644],
])('a file that %s is under the control of no other user', (_, uid, mode) => {
  expect(othersInControl({ uid, mode }, 1000, 'it')).toBeUndefined();
});

test.each([
  ['another user owns', 1001, 0o100600, 'user 1001 owns it'],
  ['its group can write', 1000, 0o100620, 'its group can write to it (mode 0620)'],
  ['every user can write', 1000, 0o100602, 'every user can write to it (mode 0602)'],
  ['belongs to root, and every user can write', 0, 0o100666, 'every user can write to it (mode 0666)'],
  ['is a sticky folder', 0, 0o041777, 'every user can write to it (mode 1777)'],
])('a file that %s is under the control of others', (_, uid, mode, words) => {
  expect(othersInControl({ uid, mode }, 1000, 'it')).toBe(words);
});

test('root treats a file of another user as foreign', () => {
  expect(othersInControl({ uid: 1000, mode: 0o100600 }, 0, 'it')).toBe('user 1000 owns it');
});

test('no other user is reported where the system has no user IDs', () => {
  expect(othersInControl({ uid: 0, mode: 0o100666 }, undefined, 'it')).toBeUndefined();
});
