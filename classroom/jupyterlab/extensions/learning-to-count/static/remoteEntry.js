// The start page in JupyterLab: the course's map as a tab, up to date within two seconds.
//
// JupyterLab loads this file, gives it the modules that it shares (init), and asks for the
// plugin (get). A bundler would write the same by way of a build; this needs none.
(() => {
  const SECONDS_BETWEEN_LOOKS = 2;
  const OPEN_PAGE = 'learning-to-count:open';
  let modules; // name -> version -> {get}

  const load = async name => (await Object.values(modules[name])[0].get())();

  async function extension() {
    const { ICommandPalette } = await load('@jupyterlab/apputils');
    const { ILauncher } = await load('@jupyterlab/launcher');
    const { PageConfig, URLExt } = await load('@jupyterlab/coreutils');
    const { Widget } = await load('@lumino/widgets');

    // What the server says: {summary, map}. A server that has ended is asked again later.
    async function progress() {
      const url = URLExt.join(PageConfig.getBaseUrl(), 'course/progress');
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      return answer.json();
    }

    // The page. Its parts stay where they are, so that changes are announced and focus is kept.
    function startPage(openLesson) {
      const page = new Widget();
      page.id = 'learning-to-count';
      page.title.label = 'Learning to Count';
      page.title.closable = true;
      page.addClass('course');
      page.node.innerHTML =
        '<div class="course-page"><h1>Learning to Count</h1>' +
        '<p role="status" class="course-summary"></p><div class="course-map"></div></div>';
      const summary = page.node.querySelector('.course-summary');
      const map = page.node.querySelector('.course-map');
      let shown = {};

      async function update() {
        if (!page.isVisible || document.hidden) return;
        const now = await progress();
        if (now.summary !== shown.summary) summary.textContent = now.summary;
        if (now.map !== shown.map) {
          const focused = map.contains(document.activeElement) && document.activeElement.id;
          map.innerHTML = now.map;
          if (focused) document.getElementById(focused)?.focus();
        }
        shown = now;
      }

      map.addEventListener('click', event => {
        const link = event.target.closest('a[data-path]');
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openLesson(link.dataset.path, link.dataset.cell);
      });
      const look = () => update().catch(reason => console.warn(reason));
      page.onAfterShow = look;
      const timer = setInterval(look, 1000 * SECONDS_BETWEEN_LOOKS);
      page.disposed.connect(() => clearInterval(timer));
      return page;
    }

    return {
      id: 'learning-to-count:start-page',
      autoStart: true,
      optional: [ICommandPalette, ILauncher],
      activate(app, palette, launcher) {
        const { commands, shell } = app;
        let page;

        async function openLesson(path, cell) {
          const notebook = await commands.execute('docmanager:open', { path });
          await notebook?.context?.ready;
          if (cell) await notebook?.setFragment?.(`#cell-id=${cell}`);
        }

        function open({ activate = true } = {}) {
          if (!page || page.isDisposed) {
            page = startPage(openLesson);
            shell.add(page, 'main', { activate, rank: 0 });
          }
          if (activate) shell.activateById(page.id);
        }

        commands.addCommand(OPEN_PAGE, {
          label: 'Learning to Count: the start page',
          caption: 'The lessons, and what you have solved',
          execute: open
        });
        palette?.addItem({ command: OPEN_PAGE, category: 'Learning to Count' });
        launcher?.add({ command: OPEN_PAGE, category: 'Learning to Count', rank: 0 });
        // Beside the lesson that you were in, or, on the first day, instead of one.
        app.restored.then(() => open({ activate: !PageConfig.getOption('treePath') }));
      }
    };
  }

  async function style() {
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = new URL('style.css', here).href;
    document.head.append(sheet);
    return {};
  }

  const here = document.currentScript.src;
  const offered = {
    './extension': async () => ({ __esModule: true, default: await extension() }),
    './style': style
  };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['learning-to-count'] = {
    init(shared) {
      modules = shared;
    },
    async get(name) {
      const module = await offered[name]();
      return () => module;
    }
  };
})();
