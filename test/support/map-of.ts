/** Makes a map from an object, which is easier to read in tests. */
export function mapOf<Value>(object: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(object));
}
