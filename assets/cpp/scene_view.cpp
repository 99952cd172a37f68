#include "scene_view.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "scene.hpp"
#include "vec3.hpp"

namespace scene_view
{
  using scene::Vec3;

  namespace
  {
    struct View
    {
      ImDrawList *list;
      ImVec2 low, size;
      Vec3 eye, right, up, forward;
      float focal; // pixels

      // False behind the eye.
      bool project(Vec3 point, ImVec2 &out) const
      {
        Vec3 const seen = point - eye;
        float const depth = dot(seen, forward);
        if(depth < 0.05f)
        {
          return false;
        }
        out = ImVec2(low.x + size.x * 0.5f + focal * dot(seen, right) / depth,
                     low.y + size.y * 0.5f - focal * dot(seen, up) / depth);
        return true;
      }

      void line(Vec3 from, Vec3 to, ImU32 color) const
      {
        ImVec2 a, b;
        if(project(from, a) && project(to, b))
        {
          list->AddLine(a, b, color);
        }
      }
    };

    View view_of(ImVec2 low, ImVec2 size)
    {
      scene::Camera const &camera = scene::camera();
      Vec3 const target{ 0, 0.5f, 0 };
      Vec3 const back{ std::cos(camera.pitch) * std::sin(camera.yaw),
                       std::sin(camera.pitch),
                       std::cos(camera.pitch) * std::cos(camera.yaw) };
      View view;
      view.list = ImGui::GetWindowDrawList();
      view.low = low;
      view.size = size;
      view.eye = target + back * camera.distance;
      view.forward = back * -1.0f;
      view.right = Vec3{ std::cos(camera.yaw), 0, -std::sin(camera.yaw) };
      view.up = cross(view.right, view.forward);
      view.focal = 0.5f * size.y / std::tan(0.5f * camera.fov * 3.14159265f / 180.0f);
      return view;
    }

    void draw_grid(View const &view)
    {
      for(int i = -5; i <= 5; ++i)
      {
        ImU32 const color = IM_COL32(255, 255, 255, i == 0 ? 60 : 26);
        float const at = static_cast<float>(i);
        view.line({ at, 0, -5 }, { at, 0, 5 }, color);
        view.line({ -5, 0, at }, { 5, 0, at }, color);
      }
    }

    void draw_axes(View const &view)
    {
      view.line({ 0, 0, 0 }, { 1.5f, 0, 0 }, IM_COL32(229, 104, 106, 255));
      view.line({ 0, 0, 0 }, { 0, 1.5f, 0 }, IM_COL32(99, 191, 139, 255));
      view.line({ 0, 0, 0 }, { 0, 0, 1.5f }, IM_COL32(91, 155, 213, 255));
    }

    void draw_bounds(View const &view)
    {
      scene::Stats const stats = scene::stats();
      Vec3 const low = stats.low, high = stats.high;
      auto corner = [&](int i) {
        return Vec3{ i & 1 ? high.x : low.x, i & 2 ? high.y : low.y, i & 4 ? high.z : low.z };
      };
      for(int i = 0; i < 8; ++i)
      {
        for(int bit = 1; bit < 8; bit <<= 1)
        {
          if(!(i & bit))
          {
            view.line(corner(i), corner(i | bit), IM_COL32(223, 165, 84, 160));
          }
        }
      }
    }

    struct Face
    {
      float depth;
      ImVec2 a, b, c;
      ImU32 color;
      bool chosen;
    };

    void draw_objects(View const &view)
    {
      static std::vector<Face> faces;
      faces.clear();
      Vec3 const light{ 0.36f, 0.8f, 0.48f };
      for(int i = 0; i < scene::object_count(); ++i)
      {
        scene::Object const &object = scene::object(i);
        if(!object.visible)
        {
          continue;
        }
        auto const &mesh = object.mesh;
        for(std::size_t t = 0; t + 2 < mesh.indices.size(); t += 3)
        {
          Vec3 const p = placed(object, mesh.vertices[mesh.indices[t]]);
          Vec3 const q = placed(object, mesh.vertices[mesh.indices[t + 1]]);
          Vec3 const r = placed(object, mesh.vertices[mesh.indices[t + 2]]);
          Vec3 const normal = cross(q - p, r - p);
          float const size = length(normal);
          Face face;
          if(size < 1e-9f || dot(normal, p - view.eye) >= 0 || !view.project(p, face.a)
             || !view.project(q, face.b) || !view.project(r, face.c))
          {
            continue;
          }
          float const shade = 0.35f + 0.65f * std::max(0.0f, dot(normal, light) / size);
          face.color = ImGui::ColorConvertFloat4ToU32(ImVec4(object.color[0] * shade,
                                                             object.color[1] * shade,
                                                             object.color[2] * shade,
                                                             1.0f));
          face.depth = length((p + q + r) * (1.0f / 3) - view.eye);
          face.chosen = i == scene::selected();
          faces.push_back(face);
        }
      }
      std::sort(faces.begin(), faces.end(), [](Face const &a, Face const &b) { return a.depth > b.depth; });
      // Smoothed edges would show between neighbours, and as spikes on narrow triangles.
      ImDrawFlags const flags = view.list->Flags;
      view.list->Flags &= ~ImDrawFlags_AAFill;
      for(Face const &face : faces)
      {
        if(scene::toggles().fill)
        {
          view.list->AddTriangleFilled(face.a, face.b, face.c, face.color);
        }
        if(face.chosen || !scene::toggles().fill)
        {
          ImU32 const edge = face.chosen ? IM_COL32(255, 255, 255, 56) : face.color;
          view.list->AddTriangle(face.a, face.b, face.c, edge);
        }
      }
      view.list->Flags = flags;
    }
  }

  bool draw(ImVec2 size)
  {
    ImVec2 const low = ImGui::GetCursorScreenPos();
    ImVec2 const high(low.x + size.x, low.y + size.y);
    ImGui::InvisibleButton("view", size);
    View const view = view_of(low, size);
    view.list->AddRectFilled(low, high, IM_COL32(16, 18, 22, 255), 4.0f);
    view.list->PushClipRect(low, high, true);
    if(scene::toggles().grid)
    {
      draw_grid(view);
    }
    if(scene::visible())
    {
      draw_objects(view);
    }
    if(scene::toggles().axes)
    {
      draw_axes(view);
    }
    if(scene::toggles().bounds)
    {
      draw_bounds(view);
    }
    view.list->PopClipRect();
    return ImGui::IsItemActive();
  }
}
