/** Takes the place of the meeting when there is nothing that the kit could show. */
export function showNotice(title: string, advice: string): void {
  const notice = document.createElement('main');
  notice.className = 'notice';
  const heading = document.createElement('h1');
  heading.textContent = title;
  const paragraph = document.createElement('p');
  paragraph.textContent = advice;
  notice.append(heading, paragraph);
  document.body.replaceChildren(notice);
}
