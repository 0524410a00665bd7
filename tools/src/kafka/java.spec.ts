import { describe, expect, it } from 'vitest';
import { javaRelease, missingTool } from './java.js';

const JAVA_17 = 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment';
const JAVAC_17 = 'javac 17.0.15';
const MAVEN = 'Apache Maven 3.8.7';

describe('javaRelease', () => {
  it.each([
    [JAVA_17, 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "26" 2026-03-17', 26],
    ['openjdk version "27-ea" 2026-09-15', 27],
    [JAVAC_17, 17],
    ['javac 1.8.0_402', 8],
    ['No Java runtime present, requesting install.', undefined],
  ])('reads %j as %s', (output, release) => {
    expect(javaRelease(output)).toBe(release);
  });
});

describe('missingTool', () => {
  it('misses nothing where a JDK 17 and Maven are there', () => {
    expect(missingTool(JAVA_17, JAVAC_17, MAVEN)).toBeUndefined();
  });

  it.each([
    [undefined, JAVAC_17, MAVEN, 'no `java` on the PATH'],
    ['java version "1.8.0_402"', JAVAC_17, MAVEN, 'java version "1.8.0_402"'],
    [JAVA_17, undefined, MAVEN, 'without `javac`'],
    [JAVA_17, 'javac 11.0.1', MAVEN, 'javac 11.0.1'],
    [JAVA_17, JAVAC_17, undefined, 'no `mvn` on the PATH'],
  ])('names what was found and what to install (%j, %j, %j)', (java, javac, mvn, found) => {
    const error = missingTool(java, javac, mvn);
    expect(error?.message).toContain(found);
    expect(error?.message).toContain('apt-get install openjdk-17-jdk-headless maven');
  });
});
