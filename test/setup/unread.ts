/**
 * The paths of properties that `read` does not look at, whatever it does with the value. A validator that was made of a schema
 * looks at all that the schema knows: what it leaves out is misspelt, though validators let it pass.
 */
export function unreadProperties(value: object, read: (watched: object) => void): string[] {
  const left = new Set<string>();
  read(watch(value, '', left));
  return [...left];
}

function watch(value: object, path: string, left: Set<string>): object {
  const children = new Map<string, unknown>();
  for (const [key, child] of Object.entries(value)) {
    const name = `${path}/${key}`;
    left.add(name);
    children.set(key, typeof child === 'object' && child !== null ? watch(child, name, left) : child);
  }
  return new Proxy(value, {
    get(target, key) {
      left.delete(`${path}/${String(key)}`);
      return typeof key === 'string' && children.has(key) ? children.get(key) : Reflect.get(target, key);
    },
  });
}
