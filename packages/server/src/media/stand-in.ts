import { createSocket } from 'node:dgram';
import { readBindingRequest, refuseBinding } from './stun.js';

/** Browsers check their connections every two or three seconds, and give up by themselves after about seven. */
const STANDS_FOR_MS = 15_000;
/** More than a worker holds transports at one time. */
const REMEMBERED_MAX = 20_000;

/** What the browsers' connections to one worker are signed with. */
export class IcePasswords {
  /** By ufrag, the oldest first. */
  readonly #passwords = new Map<string, string>();

  /** Takes note of a transport by the description that its client was answered with. */
  note(answer: string): void {
    const ufrag = /^a=ice-ufrag:(\S+)/m.exec(answer)?.[1];
    const password = /^a=ice-pwd:(\S+)/m.exec(answer)?.[1];
    if (ufrag === undefined || password === undefined) return;
    this.#passwords.set(ufrag, password);
    if (this.#passwords.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#passwords.keys()) {
      this.#passwords.delete(oldest);
      return;
    }
  }

  of(ufrag: string): string | undefined {
    return this.#passwords.get(ufrag);
  }
}

/**
 * Answers at the port of a worker that died that there is nobody any more. Browsers would wait for seven seconds in
 * silence before they make new transports; told so, they do it within their next check. Returns what ends it early.
 */
export function standIn(port: number, passwords: IcePasswords): () => void {
  const socket = createSocket('udp4');
  let isOpen = true;
  const close = () => {
    clearTimeout(timer);
    if (isOpen) socket.close();
    isOpen = false;
  };
  const timer = setTimeout(close, STANDS_FOR_MS);
  // Somebody else has the port by now: the browsers find out by themselves.
  socket.on('error', close);
  socket.on('message', (packet, from) => {
    const request = readBindingRequest(packet);
    const password = request && passwords.of(request.ufrag);
    if (request && password) socket.send(refuseBinding(request, password), from.port, from.address);
  });
  socket.bind(port);
  return close;
}
