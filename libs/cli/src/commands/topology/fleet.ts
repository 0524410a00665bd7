import { checkDescription, type ServiceDescription } from '@parley/transport';
import { readObjectFile } from '../../object-file.js';
import { UsageError } from '../../usage-error.js';

/**
 * The services of a file: one description, or several under `services`, with what all of them share beside that. Of
 * several, those that call a service are those of the file, unless it says otherwise. Raises UsageError.
 */
export async function readFleet(path: string): Promise<ServiceDescription[]> {
  const file = await readObjectFile(path, 'one with "service", or with "services"');
  if (!('services' in file)) return [described(path, file)];
  const { services, ...shared } = file;
  if (!Array.isArray(services) || services.length === 0)
    throw new UsageError(`${path} has services that are no list, or an empty one`);
  const fleet = services.map((service: unknown, index) =>
    described(`${path}, services.${index}`, isObject(service) ? { ...shared, ...service } : service),
  );
  const names = fleet.map(({ service }) => service);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`${path} has two services ${JSON.stringify(twice)}`);
  return fleet.map(one => ({ ...one, calledBy: one.calledBy ?? callersOf(one.service, fleet) }));
}

function described(where: string, description: unknown): ServiceDescription {
  try {
    return checkDescription(description);
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}`);
  }
}

function callersOf(service: string, fleet: readonly ServiceDescription[]): string[] {
  const calls = ({ calls: all = [] }: ServiceDescription) =>
    all.some(entry => (typeof entry === 'string' ? entry : entry.service) === service);
  return fleet.filter(calls).map(caller => caller.service);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
