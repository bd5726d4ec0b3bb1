// Optional: registers this phone for Web Push. The page works without it.
const button = document.getElementById("push");
if (button && "serviceWorker" in navigator && "PushManager" in window) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const registration = await navigator.serviceWorker.register("/push-worker.js");
    const subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: button.dataset.key,
    });
    const answer = await fetch(button.dataset.to, { method: "POST", body: JSON.stringify(subscription) });
    button.textContent = answer.ok ? "这部手机已登记" : "登记失败,请稍后再试";
  });
}
