import type { Effect, MessageEffect } from '@parley/core';
import { eventName, type ServerEvent, type ServerMessage, toClient } from '@parley/wire';

/** The effects of a command, as those concerned see them. */
export class Told {
  constructor(readonly effects: readonly Effect[]) {}

  /** Names of the messages that a peer gets, in order: `room.joinRoom`; with `!` if it is the sender's answer as well. */
  to(peerId: string): string[] {
    return this.#messages
      .filter((message) => message.to.includes(peerId))
      .map((message) => `${eventName(message.event)}${message.answers ? '!' : ''}`);
  }

  /** Who gets a message of this event, in the order of the messages; one entry for each copy. */
  receivers(event: ServerEvent): string[] {
    return this.#messages.filter((message) => message.event === event).flatMap((message) => message.to);
  }

  /** The messages of this event, decoded as the client does it. */
  messages<E extends ServerEvent>(event: E, peerId?: string): ServerMessage<E>[] {
    return this.#messages
      .filter((message) => message.event === event && (peerId === undefined || message.to.includes(peerId)))
      .map((message) => toClient.decode(event, message.payload));
  }

  /** The only message of this event (to this peer). */
  message<E extends ServerEvent>(event: E, peerId?: string): ServerMessage<E> {
    const [message, ...more] = this.messages(event, peerId);
    if (message === undefined || more.length > 0) {
      throw new Error(`${more.length + (message === undefined ? 0 : 1)} messages of ${eventName(event)}.`);
    }
    return message;
  }

  /** What has to be done, in order and without the messages. */
  get orders(): Effect[] {
    return this.effects.filter((effect) => effect.type !== 'message');
  }

  /** Types of all effects in order, messages by their event's name. */
  get order(): string[] {
    return this.effects.map((effect) =>
      effect.type === 'message' ? (eventName(effect.event) ?? '') : effect.type,
    );
  }

  get #messages(): MessageEffect[] {
    return this.effects.filter((effect) => effect.type === 'message');
  }
}
