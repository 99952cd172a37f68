#include "scene.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "vec3.hpp"

namespace scene
{
  State &state()
  {
    static State the_state;
    return the_state;
  }

  // --- meshes and chance ----------------------------------------------------------------------------------

  namespace
  {
    Mesh cube()
    {
      Mesh mesh;
      for(int i = 0; i < 8; ++i)
      {
        mesh.vertices.push_back({ (i & 1) - 0.5f, ((i >> 1) & 1) - 0.5f, ((i >> 2) & 1) - 0.5f });
      }
      mesh.indices = { 0, 2, 3, 0, 3, 1, 4, 5, 7, 4, 7, 6, 0, 1, 5, 0, 5, 4,
                       2, 6, 7, 2, 7, 3, 0, 4, 6, 0, 6, 2, 1, 3, 7, 1, 7, 5 };
      return mesh;
    }

    // A closed grid of `rows` × `columns` quads; `at(u, v)` places its corners, u and v from 0 to 1.
    template <typename F>
    Mesh grid_mesh(int rows, int columns, F at)
    {
      Mesh mesh;
      for(int r = 0; r <= rows; ++r)
      {
        for(int c = 0; c < columns; ++c)
        {
          mesh.vertices.push_back(at(float(r) / rows, float(c) / columns));
        }
      }
      for(int r = 0; r < rows; ++r)
      {
        for(int c = 0; c < columns; ++c)
        {
          std::uint32_t const a = r * columns + c, b = r * columns + (c + 1) % columns;
          std::uint32_t const d = a + columns, e = b + columns;
          mesh.indices.insert(mesh.indices.end(), { a, b, d, b, e, d });
        }
      }
      return mesh;
    }

    Mesh sphere()
    {
      return grid_mesh(10, 16, [](float u, float v) {
        float const polar = u * 3.14159265f, around = v * 6.2831853f;
        return Vec3{ 0.5f * std::sin(polar) * std::cos(around),
                     0.5f * std::cos(polar),
                     0.5f * std::sin(polar) * std::sin(around) };
      });
    }

    Mesh torus()
    {
      return grid_mesh(18, 10, [](float u, float v) {
        float const around = u * 6.2831853f, tube = v * 6.2831853f;
        float const ring = 0.42f + 0.16f * std::cos(tube);
        return Vec3{ ring * std::cos(around), 0.16f * std::sin(tube), ring * std::sin(around) };
      });
    }

    float area(Mesh const &mesh)
    {
      float sum = 0;
      for(std::size_t i = 0; i + 2 < mesh.indices.size(); i += 3)
      {
        Vec3 const &a = mesh.vertices[mesh.indices[i]];
        Vec3 const ab = mesh.vertices[mesh.indices[i + 1]] - a;
        Vec3 const ac = mesh.vertices[mesh.indices[i + 2]] - a;
        sum += 0.5f * length(cross(ab, ac));
      }
      return sum;
    }

    // The next of a fixed series of numbers between 0 and 1: every run of the example is the same.
    float random_number()
    {
      std::uint32_t &seed = state().seed;
      seed ^= seed << 13;
      seed ^= seed >> 17;
      seed ^= seed << 5;
      return static_cast<float>(seed >> 8) / static_cast<float>(1 << 24);
    }
  }

  // --- objects ------------------------------------------------------------------------------------------

  int object_count() { return static_cast<int>(state().objects.size()); }

  Object &object(int index) { return state().objects.at(index); }

  char const *name(int index) { return object(index).name.c_str(); }

  char const *kind_name(Kind kind)
  {
    static char const *const names[] = { "cube", "sphere", "torus" };
    return names[kind];
  }

  int triangles(int index) { return static_cast<int>(object(index).mesh.indices.size() / 3); }

  int selected() { return state().selected; }

  void select(int index) { state().selected = index < object_count() ? index : -1; }

  void randomize_color(int index)
  {
    for(float &part : object(index).color)
    {
      part = 0.35f + 0.6f * random_number();
    }
  }

  int add_object(Kind kind)
  {
    State &s = state();
    Object made;
    made.kind = kind;
    made.mesh = kind == Kind_Cube ? cube() : kind == Kind_Sphere ? sphere() : torus();
    made.name = std::string(kind_name(kind)) + " " + std::to_string(++s.made);
    float const angle = 2.4f * static_cast<float>(s.objects.size());
    float const radius = 1.5f * std::sqrt(static_cast<float>(s.objects.size()));
    made.position = { radius * std::cos(angle), 0.5f, radius * std::sin(angle) };
    s.objects.push_back(made);
    s.selected = object_count() - 1;
    randomize_color(s.selected);
    return s.selected;
  }

  bool remove_object(int index)
  {
    State &s = state();
    if(index < 0 || index >= object_count())
    {
      return false;
    }
    s.objects.erase(s.objects.begin() + index);
    s.selected = std::min(s.selected, object_count() - 1);
    return true;
  }

  void clear()
  {
    state().objects.clear();
    state().selected = -1;
  }

  // --- the whole scene ----------------------------------------------------------------------------------

  Camera &camera() { return state().camera; }
  Toggles &toggles() { return state().toggles; }
  bool visible() { return state().visible; }
  void toggle() { state().visible = !state().visible; }
  void set_scale(float scale) { state().scale = scale; }

  void set_camera(float yaw, float pitch, float distance, float fov)
  {
    state().camera = { yaw, std::clamp(pitch, -1.5f, 1.5f), distance, fov };
  }

  Vec3 placed(Object const &object, Vec3 corner)
  {
    return object.position + corner * (object.size * state().scale);
  }

  Stats stats()
  {
    Stats all;
    all.objects = object_count();
    float const far = 1e9f;
    all.low = { far, far, far };
    all.high = { -far, -far, -far };
    for(Object const &object : state().objects)
    {
      if(!object.visible || !visible())
      {
        continue;
      }
      float const size = object.size * state().scale;
      ++all.visible;
      all.vertices += static_cast<int>(object.mesh.vertices.size());
      all.triangles += static_cast<int>(object.mesh.indices.size() / 3);
      all.area += area(object.mesh) * size * size;
      for(Vec3 const &corner : object.mesh.vertices)
      {
        Vec3 const at = placed(object, corner);
        all.low = { std::min(all.low.x, at.x), std::min(all.low.y, at.y), std::min(all.low.z, at.z) };
        all.high = { std::max(all.high.x, at.x), std::max(all.high.y, at.y), std::max(all.high.z, at.z) };
      }
    }
    if(all.visible == 0)
    {
      all.low = all.high = Vec3{};
    }
    return all;
  }

  // --- simulation: objects fall, bounce on the floor and lose energy -----------------------------------

  double sim_time() { return state().time; }

  void kick(float speed)
  {
    for(Object &object : state().objects)
    {
      object.velocity = { 2 * random_number() - 1, speed * (0.6f + 0.4f * random_number()), 2 * random_number() - 1 };
    }
  }

  void step(float seconds)
  {
    if(!toggles().simulate)
    {
      return;
    }
    state().time += seconds;
    for(Object &object : state().objects)
    {
      object.velocity.y -= 9.81f * seconds;
      object.position = object.position + object.velocity * seconds;
      float const floor = 0.5f * object.size * state().scale;
      if(object.position.y < floor)
      {
        object.position.y = floor;
        object.velocity = { object.velocity.x * 0.7f, -0.55f * object.velocity.y, object.velocity.z * 0.7f };
      }
    }
  }

  float energy()
  {
    float sum = 0;
    for(Object const &object : state().objects)
    {
      sum += 0.5f * dot(object.velocity, object.velocity);
    }
    return sum;
  }
}
