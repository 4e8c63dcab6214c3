// Asks the policy in its worker: one question at a time, and after it the newest one only.

import type { Catalogue, Draft, Review } from "./contract";
import { first, start } from "./start";
import type { Answer, Question } from "./worker";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

export interface Listener {
  /** What the policy knows; told once. */
  catalogue(catalogue: Catalogue): void;
  review(review: Review, draft: Draft): void;
  /** The policy gave no answer; it is started again with the next question. */
  failure(message: string): void;
}

export class Policy {
  private worker: Worker | undefined;
  private ready = false;
  private introduced = false;
  private asked: Question | undefined;
  private next: Draft | undefined;
  private timer = 0;

  constructor(private readonly listener: Listener) {
    this.hire(first);
  }

  judge(draft: Draft): void {
    this.next = draft;
    if (!this.worker) this.hire(start());
    this.ask();
  }

  private hire(worker: Worker): void {
    this.worker = worker;
    // What a dismissed worker still says is not heard.
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (worker === this.worker) this.hear(data);
    };
    worker.onerror = (event) => {
      if (worker === this.worker) this.fail(event.message || "it could not be loaded");
    };
  }

  private ask(): void {
    if (!this.worker || !this.ready || !this.next || this.asked) return;
    this.asked = { draft: this.next, now: Math.floor(Date.now() / 1000) };
    this.next = undefined;
    this.worker.postMessage(this.asked);
    this.timer = window.setTimeout(() => this.fail("it took too long"), PATIENCE);
  }

  private hear(answer: Answer): void {
    switch (answer.kind) {
      case "catalogue":
        this.ready = true;
        if (!this.introduced) this.listener.catalogue(JSON.parse(answer.text) as Catalogue);
        this.introduced = true;
        return this.ask();
      case "failure":
        return this.fail(answer.message);
      case "review": {
        const asked = this.asked;
        this.done();
        if (asked && !this.next) this.listener.review(JSON.parse(answer.text) as Review, asked.draft);
        this.ask();
      }
    }
  }

  private fail(message: string): void {
    // What has failed once is in no state to be asked again.
    this.worker?.terminate();
    this.worker = undefined;
    this.ready = false;
    this.next = undefined;
    this.done();
    this.listener.failure(message);
  }

  private done(): void {
    window.clearTimeout(this.timer);
    this.asked = undefined;
  }
}
