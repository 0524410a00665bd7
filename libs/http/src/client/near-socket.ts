import { duplexPair, type Duplex } from 'node:stream';

/** What a request of Node's asks of its connection besides its bytes. */
type SocketLike = Duplex & {
  setTimeout(ms: number, onTimeout?: () => void): SocketLike;
  setNoDelay(): SocketLike;
  setKeepAlive(): SocketLike;
  ref(): SocketLike;
  unref(): SocketLike;
};

/** Two ends of a connection within this process; the first is one that a request of Node's can be made on. */
export function connectionWithin(): [near: SocketLike, far: Duplex] {
  const [duplex, far] = duplexPair();
  const near = duplex as SocketLike;
  let timer: NodeJS.Timeout | undefined;
  const refresh = () => timer?.refresh();
  near.setTimeout = (ms, onTimeout) => {
    clearTimeout(timer);
    near.removeListener('data', refresh);
    if (onTimeout) near.once('timeout', onTimeout);
    if (ms > 0) {
      timer = setTimeout(() => near.emit('timeout'), ms);
      near.on('data', refresh);
    }
    return near;
  };
  near.setNoDelay = near.setKeepAlive = near.ref = near.unref = () => near;
  // As on the network, one end's death is the other's.
  near.once('close', () => {
    clearTimeout(timer);
    far.destroy();
  });
  far.once('close', () => near.destroy());
  return [near, far];
}
