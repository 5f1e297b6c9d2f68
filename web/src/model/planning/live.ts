// Questions of a drag: one in flight at most, and after it the newest one, none between.

export class Latest<Question, Answer> {
  private busy = false;
  private next: Question | null = null;
  private waiting: (() => void)[] = [];
  /** Questions that were sent; tests look at it. */
  sent = 0;
  /** Milliseconds that the last answer took. */
  spent_ms = 0;

  constructor(
    private readonly ask: (question: Question) => Promise<Answer>,
    private readonly tell: (question: Question, answer: Answer) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  put(question: Question): void {
    this.next = question;
    if (!this.busy) void this.run();
  }

  /** Whether an answer is still to come. */
  get pending(): boolean {
    return this.busy || this.next !== null;
  }

  /** Resolves once nothing is asked any more. */
  settled(): Promise<void> {
    return this.pending ? new Promise((done) => this.waiting.push(done)) : Promise.resolve();
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.next !== null) {
      const question = this.next;
      this.next = null;
      this.sent += 1;
      const start = performance.now();
      try {
        const answer = await this.ask(question);
        this.spent_ms = performance.now() - start;
        this.tell(question, answer);
      } catch (error) {
        this.fail(error);
      }
    }
    this.busy = false;
    for (const done of this.waiting.splice(0)) done();
  }
}
