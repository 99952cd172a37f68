// What fifty_calls.jank draws, in C++ as one would write it: the measure of its frames.

#include <imgui.h>

#include <string>

namespace {

struct Camera {
  double yaw = 0.7, pitch = 0.45, distance = 9.0, fov = 45.0;
};

struct State {
  Camera camera;
  long long objects = 3;
  std::string selected = "Cube";
  bool paused = false;
  long long clicks = 0;
};

State state;
float scale = 1.0f, speed = 5.0f, distance = 9.0f, fov = 45.0f;
int count = 8;
bool grid = true, axes = true, bounds = false;

}

extern "C" void draw_debug_ui() {
  float const fps = ImGui::GetIO().Framerate;
  Camera& camera = state.camera;
  ImGui::SetNextWindowPos(ImVec2(10.0f, 10.0f), ImGuiCond_Always);
  ImGui::SetNextWindowSize(ImVec2(420.0f, 780.0f), ImGuiCond_Always);
  ImGui::Begin("Fifty calls");
  ImGui::Text("FPS: %.1f", fps);
  ImGui::Text("Frame: %.3f ms", 1000.0f / fps);
  ImGui::SeparatorText("Camera");
  ImGui::Text("  Yaw: %.2f", camera.yaw);
  ImGui::Text("  Pitch: %.2f", camera.pitch);
  ImGui::Text("  Field of view: %.1f", camera.fov);
  ImGui::Text("  Distance: %.2f", camera.distance);
  if(ImGui::SliderFloat("Distance", &distance, 2.0f, 30.0f)) camera.distance = distance;
  if(ImGui::SliderFloat("Field of view", &fov, 15.0f, 100.0f)) camera.fov = fov;
  if(ImGui::Button("Front")) camera.yaw = 0.0, camera.pitch = 0.1;
  ImGui::SameLine();
  if(ImGui::Button("Side")) camera.yaw = 1.57, camera.pitch = 0.1;
  ImGui::SameLine();
  if(ImGui::Button("Top")) camera.yaw = 0.0, camera.pitch = 1.5;
  ImGui::SeparatorText("Scene");
  if(ImGui::Button(state.paused ? "Resume" : "Pause")) state.paused = !state.paused;
  ImGui::SameLine();
  ImGui::Checkbox("Grid", &grid);
  ImGui::SameLine();
  ImGui::Checkbox("Axes", &axes);
  ImGui::SameLine();
  ImGui::Checkbox("Bounds", &bounds);
  ImGui::SliderFloat("Scale", &scale, 0.1f, 3.0f);
  ImGui::DragFloat("Speed", &speed, 0.1f, 0.0f, 20.0f);
  ImGui::SliderInt("Count", &count, 1, 64);
  ImGui::ProgressBar(scale / 3.0f, ImVec2(-1.0f, 0.0f));
  ImGui::TextUnformatted(("Objects: " + std::to_string(state.objects)).c_str());
  ImGui::BulletText("%d vertices", static_cast<int>(24 * state.objects));
  ImGui::BulletText("%d triangles", static_cast<int>(12 * state.objects));
  ImGui::SeparatorText("Selection");
  ImGui::TextDisabled("%s", state.selected.c_str());
  ImGui::Text("Clicks: %d", static_cast<int>(state.clicks));
  ImGui::SameLine();
  ImGui::TextUnformatted("in all");
  ImGui::PushID("selection");
  ImGui::BulletText("Position %.1f %.1f %.1f", 1.0, 2.0, 2 * camera.distance);
  if(ImGui::Button("Click")) state.clicks++;
  ImGui::SameLine();
  if(ImGui::Button("Clear")) state.clicks = 0;
  ImGui::PopID();
  ImGui::Separator();
  ImGui::Text("Mode: %s", state.paused ? "paused" : "running");
  ImGui::Text("Scale: %.2f", scale);
  ImGui::Separator();
  ImGui::TextUnformatted("End of the window");
  ImGui::End();
}
