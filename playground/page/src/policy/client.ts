// Asks the policy in its worker: one question at a time, and after it the newest one only.

import type { Catalogue, Draft, Review } from "./contract";
import type { Answer, Question } from "./worker";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

export interface Listener {
  catalogue(catalogue: Catalogue): void;
  review(review: Review, draft: Draft): void;
  /** The policy gave no answer; it is started again with the next question. */
  failure(message: string): void;
}

export class Policy {
  private worker: Worker | undefined;
  private asked: Question | undefined;
  private next: Draft | undefined;
  private number = 0;
  private timer = 0;

  constructor(private readonly listener: Listener) {
    this.start();
  }

  judge(draft: Draft): void {
    if (this.asked) {
      this.next = draft;
    } else {
      this.ask(draft);
    }
  }

  private start(): Worker {
    const worker = new Worker(new URL("policy-worker.js", document.baseURI), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.hear(data);
    worker.onerror = (event) => this.fail(event.message || "it could not be loaded");
    this.worker = worker;
    return worker;
  }

  private ask(draft: Draft): void {
    const worker = this.worker ?? this.start();
    this.number += 1;
    this.asked = { number: this.number, draft, now: Math.floor(Date.now() / 1000) };
    worker.postMessage(this.asked);
    this.timer = window.setTimeout(() => this.fail("it took too long"), PATIENCE);
  }

  private hear(answer: Answer): void {
    switch (answer.kind) {
      case "catalogue":
        return this.listener.catalogue(JSON.parse(answer.text) as Catalogue);
      case "failure":
        return this.fail(answer.message);
      case "review": {
        const asked = this.asked;
        if (asked?.number !== answer.number) return;
        this.done();
        if (this.next) {
          this.ask(this.next);
          this.next = undefined;
        } else {
          this.listener.review(JSON.parse(answer.text) as Review, asked.draft);
        }
      }
    }
  }

  private fail(message: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.next = undefined;
    this.done();
    this.listener.failure(message);
  }

  private done(): void {
    window.clearTimeout(this.timer);
    this.asked = undefined;
  }
}
