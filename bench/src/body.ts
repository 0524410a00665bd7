/** What is sent and echoed: 100 bytes as JSON. */
export interface Body {
  id: number;
  text: string;
}

export const BODY_BYTES = 100;

const FRAME = JSON.stringify({ id: 100_000, text: '' }).length;

/** Every body is as long as any other: the ids have six digits, from 100,000 on. */
export function body(index = 0): Body {
  return { id: 100_000 + (index % 900_000), text: 'x'.repeat(BODY_BYTES - FRAME) };
}

/** As long as any other, with an id of one's own: a whole number above 0. */
export function bodyWith(id: number): Body {
  return { id, text: 'x'.repeat(BODY_BYTES - FRAME + 6 - String(id).length) };
}

/** Whether an answer is the body that was sent. */
export function isSame(sent: Body, answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'id' in answer &&
    'text' in answer &&
    answer.id === sent.id &&
    answer.text === sent.text
  );
}
