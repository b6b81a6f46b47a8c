export async function recover(): Promise<object> {
  return {};
}
