import { IsInt, IsString, Max, Min } from 'class-validator';

/** What is asked for; a validation pipe holds callers to it. */
export class NewOrder {
  @IsString()
  item!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  count!: number;
}
