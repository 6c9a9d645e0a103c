/** What lies above the page at the moment. */
class Ui {
  sheet = $state(false);
  confirmAll = $state(false);
  drawer = $state(false);
}

export const ui = new Ui();
