import * as v from 'valibot';

/**
 * Reads a JSON object whose keys are data, such as file paths, into a `Map`: there no key has a special meaning.
 * `v.record` silently drops the keys `__proto__`, `prototype` and `constructor`, so the linter forbids it.
 */
export function nameMap<Value>(
  value: v.GenericSchema<unknown, Value>,
): v.GenericSchema<unknown, ReadonlyMap<string, Value>> {
  return v.pipe(
    v.custom<object>((input) => typeof input === 'object' && input !== null && !Array.isArray(input)),
    v.transform((object) => new Map(Object.entries(object))),
    v.map(v.string(), value),
  );
}

/** The same as a plain object, to write it as JSON again. It has no prototype, so an unknown name is undefined. */
export function nameRecord<Value>(
  value: v.GenericSchema<unknown, Value>,
): v.GenericSchema<unknown, Readonly<Record<string, Value>>> {
  return v.pipe(
    nameMap(value),
    v.transform((names) => Object.assign(Object.create(null), Object.fromEntries(names))),
  );
}
