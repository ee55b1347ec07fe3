// Server-sent events read from a fetch. EventSource hides heartbeats and the status of a refusal, and a page needs both.

/** One dispatched event. */
export interface Message {
  event: string;
  data: string;
  id: string | null;
}

/** Takes the stream's text piece by piece; holds what an unfinished piece leaves over. */
export class MessageReader {
  lastId: string | null = null;
  retryMs: number | null = null;
  #rest = "";
  #event = "";
  #data: string[] = [];

  /** Before a new connection: what the last one left unfinished is forgotten, its last id is not. */
  restart(): void {
    this.#rest = this.#event = "";
    this.#data = [];
  }

  /** The events that this piece completed. */
  push(piece: string): Message[] {
    const done: Message[] = [];
    let text = this.#rest + piece;
    // A carriage return at the very end may be half of a line's end.
    const held = text.endsWith("\r") ? "\r" : "";
    if (held) text = text.slice(0, -1);
    const lines = text.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + held;
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else if (this.#data.length > 0) done.push(this.#dispatch());
      else this.#event = "";
    }
    return done;
  }

  #field(line: string): void {
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id") this.lastId = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): Message {
    const message = { event: this.#event || "message", data: this.#data.join("\n"), id: this.lastId };
    this.#event = "";
    this.#data = [];
    return message;
  }
}
