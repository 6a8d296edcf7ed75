/** A map written as an object, for tests that are easier to read so. */
export function mapOf<Value>(object: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(object));
}
