import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext } from '@parley/transport';
import { answerTo, itemOf, type Question } from '../load/question.js';

/** The service that is asked, and the first of those that the events go to. */
export const ANSWERS = 'answers';

/** Answers every kind of call. */
@Controller()
export class AnswersController {
  @MessagePattern('quick')
  quick(@Payload() question: Question): string {
    return answerTo(question);
  }

  @MessagePattern('quick-idempotent')
  @Handling({ idempotent: true })
  quickAgain(@Payload() question: Question): string {
    return answerTo(question);
  }

  @MessagePattern('slow')
  async slow(@Payload() question: Question): Promise<string> {
    await sleep(question.takesMs);
    return answerTo(question);
  }

  @MessagePattern('slow-idempotent')
  @Handling({ idempotent: true })
  slowAgain(@Payload() question: Question): Promise<string> {
    return this.slow(question);
  }

  @MessagePattern('large')
  large(@Payload() question: Question): string {
    return answerTo(question);
  }

  @MessagePattern('stream')
  stream(@Payload() question: Question): AsyncGenerator<string> {
    return itemsFrom(0, question);
  }

  @MessagePattern('stream-resumable')
  @Handling({ resumable: true })
  resumable(@Payload() question: Question, @Ctx() { resumeFrom }: ParleyContext): AsyncGenerator<string> {
    return itemsFrom(resumeFrom, question);
  }
}

async function* itemsFrom(first: number, question: Question): AsyncGenerator<string> {
  const { items = 0, everyMs = 0 } = question;
  for (let n = first; n < items; n++) {
    if (everyMs > 0) await sleep(everyMs);
    yield itemOf(question, n);
  }
}
