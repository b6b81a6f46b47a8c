export async function start(): Promise<object> {
  return {};
}
