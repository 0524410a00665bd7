import { execa } from 'execa';

/** The oldest Java that Kafka's brokers run on. */
export const MIN_JAVA = 17;

const INSTALL =
  'Install both, e.g. `apt-get install openjdk-17-jdk-headless maven` on Debian and Ubuntu or ' +
  '`brew install openjdk maven` on macOS, or point KAFKA_BROKERS at a Kafka that already runs.';

/** A program that is missing or too old; the message names it, what was found, and what to install. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';
  constructor(tool: string, found: string) {
    super(`npm run kafka needs ${tool}, but ${found}. ${INSTALL}`);
  }
}

/** What a tool printed when asked for its version; undefined where the tool is not on the PATH. */
export type VersionOutput = string | undefined;

/** The feature release in the output of `java -version` or `javac -version`: 17 for "17.0.15", 8 for "1.8.0". */
export function javaRelease(output: string): number | undefined {
  const match = /(?:version "|javac )(?:1\.)?(\d+)/.exec(output);
  return match ? Number(match[1]) : undefined;
}

/** The first of the needed tools that is missing or too old. */
export function missingTool(java: VersionOutput, javac: VersionOutput, mvn: VersionOutput) {
  const needed = `a JDK of release ${MIN_JAVA} or newer`;
  if (java === undefined) return new MissingToolError(needed, 'there is no `java` on the PATH');
  const release = javaRelease(java);
  if (release === undefined || release < MIN_JAVA)
    return new MissingToolError(needed, `\`java -version\` says: ${firstLine(java)}`);
  if (javac === undefined)
    return new MissingToolError(
      needed,
      `only a Java runtime (${firstLine(java)}) without \`javac\` was found`,
    );
  const compiler = javaRelease(javac);
  if (compiler === undefined || compiler < MIN_JAVA)
    return new MissingToolError(needed, `\`javac -version\` says: ${firstLine(javac)}`);
  if (mvn === undefined) return new MissingToolError('Maven', 'there is no `mvn` on the PATH');
  return undefined;
}

/** Throws a MissingToolError unless everything that fetches and compiles Kafka's runner is there. */
export async function checkBuildTools(): Promise<void> {
  const missing = missingTool(
    ...(await Promise.all([version('java', '-version'), version('javac', '-version'), version('mvn', '-v')])),
  );
  if (missing) throw missing;
}

/** Throws a MissingToolError unless a Java that runs an already fetched Kafka is there. */
export async function checkJava(): Promise<void> {
  const java = await version('java', '-version');
  const missing = missingTool(java, `javac ${MIN_JAVA}`, 'not needed');
  if (missing) throw missing;
}

async function version(tool: string, flag: string): Promise<VersionOutput> {
  const result = await execa(tool, [flag], { reject: false, all: true, stdin: 'ignore' });
  if (result.failed && result.exitCode === undefined) return undefined;
  return result.all;
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
